"""The words: topics, columns, codecs, symbols and closed vocabularies. Imports nothing of ours."""
