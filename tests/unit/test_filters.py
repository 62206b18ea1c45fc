"""What a listing and a subscription may ask, and the sentence for everything else."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.channels import CHANNELS
from api.cursor import Position, encode_cursor
from api.errors import ApiError
from api.evidence import listed_members
from api.guard import host_name
from api.query import row_query
from api.sql import select_rows
from api.wire import MAX_MESSAGE_BYTES, MessageRefused, Subscription, parse_message
from schemas.kinds import ENUMS
from schemas.topics import TOPIC, TOPICS


def test_defaults_are_the_newest_rows_of_everything() -> None:
    query = row_query("flow.packets", {})
    assert (query.is_descending, query.is_current, query.limit) == (True, False, 200)
    assert query.filters == {} and query.after is None


def test_a_raw_tape_lists_its_data_unless_asked() -> None:
    assert row_query("options.prints", {}).filters == {"kind": ("data",)}
    assert row_query("options.prints", {"kind": "gap,end"}).filters == {"kind": ("end", "gap")}
    assert row_query("reference", {}).filters == {}


def test_every_enum_column_takes_its_words_and_no_other() -> None:
    for topic in TOPICS:
        for field in (f for f in topic.fields if f.is_enum):
            word = ENUMS[field.logical][-1]
            assert row_query(topic.name, {field.name: word}).filters[field.name] == (word,)
            with pytest.raises(ApiError, match=r"it is one of") as refused:
                row_query(topic.name, {field.name: "smart"})
            assert refused.value.status == 400


@pytest.mark.parametrize(
    ("topic", "params", "words"),
    [
        ("flow.nothing", {}, "there is no topic"),
        ("flow.packets", {"flavour": "x"}, "takes no parameter"),
        ("flow.packets", {"premium": "5"}, "takes no parameter"),
        ("flow.packets", {"limit": "0"}, "1 to 1000"),
        ("flow.packets", {"limit": "1001"}, "1 to 1000"),
        ("flow.packets", {"limit": "1e3"}, "whole number"),
        ("flow.packets", {"limit": "٣"}, "whole number"),
        ("flow.packets", {"order": "up"}, "asc or desc"),
        ("flow.packets", {"current": "yes"}, "true or false"),
        ("options.placed", {"current": "true"}, "no versions"),
        ("flow.packets", {"since": "yesterday"}, "ISO 8601"),
        ("flow.packets", {"since": "2013-10-07T09:30:00"}, "with an offset"),
        ("flow.packets", {"until": "9999999999999999999"}, "ns since 1970"),
        ("flow.packets", {"until": "9999-12-31T00:00:00Z"}, "ns since 1970"),
        ("flow.packets", {"underlying": "IBM' OR 1"}, "not an underlying"),
        ("flow.packets", {"underlying": ",".join(f"A{i}" for i in range(201))}, "at most 200"),
        ("flow.packets", {"contract": "x" * 65}, "at most 64"),
        ("flow.packets", {"contract": "a\nb"}, "printable"),
        ("flow.packets", {"cursor": "AAAA"}, "not one that this server gave"),
        ("equities.prints", {"off_exchange": "1"}, "true or false"),
    ],
)
def test_wrong_parameters_get_one_sentence(topic: str, params: dict[str, str], words: str) -> None:
    with pytest.raises(ApiError, match=words) as refused:
        row_query(topic, params)
    assert 400 <= refused.value.status < 500
    assert "\n" not in refused.value.sentence


def test_times_are_ns_or_iso_with_an_offset() -> None:
    opening_ns = 1_381_152_600_000_000_000
    for text in (str(opening_ns), "2013-10-07T13:30:00Z", "2013-10-07T09:30:00-04:00"):
        assert row_query("equities.joins", {"since": text}).since_ns == opening_ns


def test_a_cursor_belongs_to_its_filters() -> None:
    first = row_query("flow.packets", {"kind": "sweep"})
    cursor = encode_cursor(Position(5, 1, 9), first.digest)
    again = row_query("flow.packets", {"kind": "sweep", "cursor": cursor, "limit": "7"})
    assert again.after == Position(5, 1, 9)
    with pytest.raises(ApiError, match="another question"):
        row_query("flow.packets", {"kind": "block", "cursor": cursor})


VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), min_size=1, max_size=20)


@settings(deadline=None)
@given(VALUES)
def test_values_never_reach_the_text_of_a_statement(value: str) -> None:
    value = "zq" + value.replace(",", "")
    try:
        query = row_query("flow.packets", {"contract": value})
    except ApiError:
        return
    statement = select_rows(query)
    assert value not in statement.text
    assert [value] in statement.parameters.values()


def test_only_versioned_topics_have_a_current_condition() -> None:
    assert "max(version)" not in select_rows(row_query("flow.alerts", {})).text
    assert "max(version)" in select_rows(row_query("flow.alerts", {"current": "true"})).text


def subscribe(**fields: object) -> str:
    return orjson.dumps({"type": "subscribe", **fields}).decode()


def test_a_subscription_is_read_whole() -> None:
    cursor = {"flow.packets": "0a:17"}
    text = subscribe(channels=["flow.packets", "flow.packets"], underlying=["IBM"], cursor=cursor)
    expected = Subscription(("flow.packets",), frozenset({"IBM"}), {"flow.packets": ("0a", 17)})
    assert parse_message(text) == expected
    assert parse_message(subscribe(channels=list(CHANNELS))).underlyings is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "only message"),
        ("null", "only message"),
        ('{"type": "shout"}', "only message"),
        (subscribe(), "list of channel names"),
        (subscribe(channels="flow.packets"), "list of channel names"),
        (subscribe(channels=[1]), "list of channel names"),
        (subscribe(channels=["options.nbbo"]), "there is no channel"),
        (subscribe(channels=["x"] * 33), "at most 32"),
        (subscribe(channels=[], underlying="IBM"), "null or a list"),
        (subscribe(channels=[], underlying=[None]), "null or a list"),
        (subscribe(channels=[], underlying=["<b>"]), "not an underlying"),
        (subscribe(channels=[], underlying=["A"] * 201), "at most 200"),
        (subscribe(channels=[], cursor={"flow.packets": "a:1"}), "cursor must map"),
        (subscribe(channels=["flow.packets"], cursor={"flow.packets": 5}), "not a cursor"),
        (subscribe(channels=[], depth=9), "unknown field"),
        (" " * (MAX_MESSAGE_BYTES + 1), "at most"),
    ],
)
def test_wrong_messages_get_one_sentence(text: str, words: str) -> None:
    with pytest.raises(MessageRefused, match=words) as refused:
        parse_message(text)
    assert "\n" not in str(refused.value)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_reader_of_messages(text: str) -> None:
    with pytest.raises(MessageRefused):
        parse_message(text)


def test_quotes_are_not_channels() -> None:
    assert set(TOPIC) - set(CHANNELS) == {"options.nbbo", "equities.quotes"}


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("[3,1,2,2]", [1, 2, 3]),
        ('{"listed":[5,6],"more":9}', [5, 6]),
        ("[]", []),
        ("not json", []),
        ('["1",true,-4,1.5]', []),
        ("7", []),
    ],
)
def test_members_are_read_from_lists_only(text: str, listed: list[int]) -> None:
    assert listed_members(text) == listed


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:80", "localhost"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
        ("a", "a"),
        ("", ""),
    ],
)
def test_host_names_lose_their_port(host: str, name: str) -> None:
    assert host_name(host) == name
