"""Input that is wrong: exit code 2 and one clear sentence, or a row in deadletter; nothing is lost."""

from __future__ import annotations

import json
import shutil
import socket
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli import runs
from cli.main import main
from cli.stack import record
from cli.stack.supervise import Stack
from connectors.scan import messages
from connectors.settings import load_settings
from schemas.codec import decode
from schemas.columns import to_rows
from schemas.topics import TOPIC, physical_name

DAY = "20131007"
OPEN_MS = 34_200_000
TRADES = [f"{OPEN_MS + 1000 * i},{1_850_000 + 100 * i},100,{'D' if i % 3 else 'P'},1,0" for i in range(40)]
QUOTES = [f"{OPEN_MS + 500 * i},1849900,100,1850500,200,P,1,0" for i in range(80)]
BAD_TRADES = {
    "letters,in,a,row,of,it": "time is 'letters'",
    f"{OPEN_MS},1850000,-100,P,1,0": "the size of a trade is not above zero",
    f"{OPEN_MS},NaN,100,P,1,0": "price is 'NaN'",
    f"{OPEN_MS},1850000,inf,P,1,0": "size is 'inf'",
    f"{OPEN_MS},0,100,P,1,0": "the price of a trade is not above zero",
    f"{OPEN_MS - 3_600_000},1850000,100,P,1,0": "the time runs backwards",
    f"{OPEN_MS + 315_360_000_000},1850000,100,P,1,0": "time is",
    f"{OPEN_MS + 864_000_000},1850000,100,P,1,0": "ms or more after midnight",
    "-5,1850000,100,P,1,0": "the time is negative",
    f"{OPEN_MS},1850000": "2 columns where 6 are expected",
    f"{OPEN_MS},1850000,100,ÄÖ,1,0": "exchange is",
}
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Ask:
    """Run the command line in this process; return its exit code and what it printed."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "REDIS_URL", "SCHEMA_REGISTRY_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["islandflow", *args])
        capfd.readouterr()
        try:
            code = main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return run


def write_day(root: Path, symbol: str, trades: list[str], quotes: list[str]) -> Path:
    """Write one small day of a symbol in LEAN's layout; return the folder of its files."""
    place = root / "equity" / "usa" / "tick" / symbol.lower()
    place.mkdir(parents=True, exist_ok=True)
    for kind, lines in (("trade", trades), ("quote", quotes)):
        with zipfile.ZipFile(place / f"{DAY}_{kind}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{DAY}_{symbol}_{kind}.csv", "\n".join(lines) + "\n")
    return place


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small LEAN folder with IBM on one day."""
    write_day(tmp_path / "lean", "ibm", TRADES, QUOTES)
    return tmp_path / "lean"


def assert_one_sentence(found: tuple[int, str, str], *words: str) -> None:
    code, out, err = found
    lines = [line for line in err.splitlines() if line.startswith("islandflow: ")]
    assert code == 2, (out, err)
    assert len(lines) == 1 and err.rstrip().endswith(lines[0]), err
    assert "Traceback" not in err
    for word in words:
        assert word in lines[0], (word, lines[0])


@pytest.fixture(autouse=True)
def kept(stack: Stack) -> None:
    """The session's stack serves every command, as one that was started by `up` does."""
    stack.keep()


def lean_args(root: Path, symbols: str = "IBM", dates: str = "2013-10-07") -> list[str]:
    return ["run", "lean", str(root), "--symbols", symbols, "--dates", dates]


@pytest.mark.parametrize(
    ("symbols", "dates", "words"),
    [
        ("XYZ", "2013-10-07", ["no data of symbol XYZ", "IBM"]),
        ("IBM", "2013-10-09", ["no data of IBM on 2013-10-09", "2013-10-07"]),
        ("IBM", "2013-10-7", ["'2013-10-7'", "YYYY-MM-DD"]),
        ("IBM", "2013-02-30", ["'2013-02-30'", "YYYY-MM-DD"]),
        ("IBM", "yesterday", ["'yesterday'", "YYYY-MM-DD"]),
        ("IBM", ",", ["--dates is empty"]),
        ("", "2013-10-07", ["--symbols is empty"]),
        ("../etc", "2013-10-07", ["'../ETC'", "letters"]),
    ],
)
def test_a_symbol_or_date_that_is_not_there(
    ask: Ask, tree: Path, tmp_path: Path, symbols: str, dates: str, words: list[str]
) -> None:
    found = ask(*lean_args(tree, symbols, dates), "--data-dir", str(tmp_path / "d"))
    assert_one_sentence(found, *words)
    assert not (tmp_path / "d" / "broker").exists(), "services were started for nothing"


def test_a_folder_that_is_not_there(ask: Ask, tmp_path: Path) -> None:
    assert_one_sentence(ask(*lean_args(tmp_path / "none")), str(tmp_path / "none"), "no such folder")
    assert_one_sentence(ask(*lean_args(tmp_path)), str(tmp_path), "is no LEAN data folder")


def test_a_zip_that_was_cut_short(ask: Ask, tree: Path, tmp_path: Path) -> None:
    path = tree / "equity" / "usa" / "tick" / "ibm" / f"{DAY}_trade.zip"
    path.write_bytes(path.read_bytes()[:-40])
    found = ask(*lean_args(tree), "--data-dir", str(tmp_path / "d"))
    assert_one_sentence(found, str(path), "cut short", "fetch the file again")


def test_a_zip_that_is_damaged_inside(ask: Ask, tree: Path, stack: Stack) -> None:
    """Found by the feed process, in the middle of a run."""
    path = tree / "equity" / "usa" / "tick" / "ibm" / f"{DAY}_quote.zip"
    content = bytearray(path.read_bytes())
    content[80:100] = bytes(20)
    path.write_bytes(content)
    found = ask(*lean_args(tree), "--data-dir", str(stack.data_dir), "--headless")
    assert_one_sentence(found, str(path), "damaged")


def test_bad_rows_reach_deadletter_and_the_rest_goes_on(ask: Ask, tmp_path: Path, stack: Stack) -> None:
    trades = list(TRADES)
    for i, line in enumerate(BAD_TRADES):
        trades.insert(3 * i + 2, line)
    quotes = [*QUOTES[:20], f"{OPEN_MS},1849900,-5,0,0,P,1,0", "x", *QUOTES[20:]]
    write_day(tmp_path, "ibm", trades, quotes)
    summary = tmp_path / "summary.json"
    code, _, err = ask(
        *lean_args(tmp_path), "--data-dir", str(stack.data_dir), "--namespace", "wrong_rows",
        "--summary", str(summary),
    )  # fmt: skip
    assert code == 0, err
    told = json.loads(summary.read_text())
    assert told["conserved"] is True
    row = told["inputs"]["equities.prints"]
    assert (row["read"], row["rejected"], row["processed"]) == (
        len(trades),
        len(BAD_TRADES),
        len(TRADES),
    )
    row = told["inputs"]["equities.quotes"]
    assert (row["read"], row["rejected"], row["processed"]) == (len(quotes), 2, len(QUOTES))
    details = [str(r["detail"]) for r in deadletters(stack, "wrong_rows")]
    assert len(details) == told["archive"]["deadletter"] == len(BAD_TRADES) + 2
    for line, words in BAD_TRADES.items():
        place = f"_trade.csv:{trades.index(line) + 1}: "
        assert any(place in d and words in d for d in details), (line, words, details)


def deadletters(stack: Stack, namespace: str) -> list[dict[str, object]]:
    name = physical_name(namespace, "deadletter")
    return [
        row
        for got in messages(stack.endpoints.kafka, name)
        for row in to_rows(decode(TOPIC["deadletter"], [m.value() for m in got]).batch)
    ]


def test_other_input_under_a_name_that_is_taken(ask: Ask, tmp_path: Path, stack: Stack) -> None:
    data_dir = str(stack.data_dir)
    for number, name in enumerate(("one", "two")):
        write_day(tmp_path / name, "ibm", TRADES[number:], QUOTES)
    rest = ("--data-dir", data_dir, "--namespace", "wrong_taken")
    assert ask(*lean_args(tmp_path / "one"), *rest)[0] == 0
    assert_one_sentence(ask(*lean_args(tmp_path / "two"), *rest), "'wrong_taken' holds another input")


def test_two_processes_in_one_namespace(ask: Ask, tree: Path, stack: Stack) -> None:
    data_dir = load_settings(stack.data_dir).data_path
    with runs.exclusive(data_dir, "wrong_held"):
        found = ask(*lean_args(tree), "--data-dir", str(data_dir), "--namespace", "wrong_held")
    assert_one_sentence(found, "'wrong_held'", "another process")


def test_a_data_directory_that_another_command_serves_itself(ask: Ask, tree: Path, stack: Stack) -> None:
    """Its services end with that command, so a second run would be cut off in the middle."""
    data_dir = load_settings(stack.data_dir).data_path
    found = record.read(data_dir)
    assert found is not None
    record.write(data_dir, replace(found, is_kept=False))
    try:
        for args in (lean_args(tree), ["demo", "--headless"], ["up"]):
            said = ask(*args, "--data-dir", str(data_dir))
            assert_one_sentence(said, str(data_dir), f"process {found.owner.pid}", "islandflow up")
        assert ask("sessions", "--data-dir", str(data_dir))[0] == 0
    finally:
        record.write(data_dir, found)


def test_a_port_in_use(ask: Ask, stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        found = ask("demo", "--headless", "--port", port, "--data-dir", str(stack.data_dir))
    assert_one_sentence(found, port, "in use")


@pytest.fixture
def known(stack: Stack) -> str:
    """A data directory that knows a namespace."""
    runs.start(stack.data_dir, "wrong_known", "lean", {}, {})
    return str(stack.data_dir)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["sql", "SELECT 1", "--format", "xml"], ["'xml'", "pretty, json, csv, parquet"]),
        (["sql", "SELECT FROM WHERE", "--namespace", "wrong_known"], ["the query was refused"]),
        (
            ["sql", "SELECT * FROM nothing_here", "--namespace", "wrong_known"],
            ["the query was refused"],
        ),
        (
            ["sql", "DROP TABLE equity_joins", "--namespace", "wrong_known"],
            ["the query was refused"],
        ),
        (["sql", "SELECT 1", "--namespace", "nobody"], ["'nobody'", "wrong_known"]),
        (["topics", "--namespace", "nobody"], ["'nobody'", "wrong_known"]),
        (["tail", "flow.wrong", "--namespace", "wrong_known"], ["'flow.wrong'", "flow.alerts"]),
        (["run", "synthetic", "--profile", "loud"], ["'loud'", "quiet, normal, stress"]),
        (["run", "synthetic", "--namespace", "Big-Name"], ["'Big-Name'", "small letter"]),
        (["demo", "--profile", "loud", "--headless"], ["'loud'", "quiet, normal, stress"]),
    ],
)
def test_a_wrong_word_is_named_with_what_is_allowed(
    ask: Ask, known: str, args: list[str], words: list[str]
) -> None:
    assert_one_sentence(ask(*args, "--data-dir", known), *words)


@pytest.mark.parametrize(
    "args",
    [
        ["run", "synthetic", "--minutes", "0"],
        ["run", "synthetic", "--workers", "99"],
        ["run", "synthetic", "--speed", "fast"],
        ["demo", "--port", "70000"],
        ["walk"],
    ],
)
def test_a_wrong_option_is_explained_by_its_usage(ask: Ask, args: list[str]) -> None:
    code, _, err = ask(*args)
    assert code == 2
    assert "Usage:" in err and "Traceback" not in err


def test_a_summary_that_cannot_be_written_is_said_before_the_run(
    ask: Ask, tree: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "none" / "out.json"
    assert_one_sentence(ask(*lean_args(tree), "--summary", str(missing)), str(missing), "does not exist")
    assert_one_sentence(ask(*lean_args(tree), "--summary", str(tmp_path)), str(tmp_path), "is a folder")


def test_an_empty_data_directory_says_how_to_begin(ask: Ask, tmp_path: Path) -> None:
    found = ask("sql", "SELECT 1", "--data-dir", str(tmp_path))
    assert_one_sentence(found, "nothing was stored", "islandflow run")


def test_no_room_on_the_disk(ask: Ask, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = shutil.disk_usage(tmp_path).free + (1 << 40)
    monkeypatch.setenv("ISLANDFLOW_MIN_FREE_DISK_BYTES", str(needed))
    folder = tmp_path / "d"
    assert_one_sentence(ask(*lean_args(tree), "--data-dir", str(folder)), str(folder), "GB free")


def test_a_setting_that_is_none(ask: Ask, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISLANDFLOW_BROKER_PORT", "many")
    assert_one_sentence(ask(*lean_args(tree)), "ISLANDFLOW_BROKER_PORT", "'many'")


def test_a_data_directory_that_is_a_file(ask: Ask, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    found = ask(*lean_args(tree), "--data-dir", str(tmp_path / "file"))
    assert_one_sentence(found, str(tmp_path / "file"))
