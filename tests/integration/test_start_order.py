"""The processes of a namespace may be started in any order, each with nothing but its arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.conftest import Lab, Published


def test_flow_and_archive_may_start_before_any_topic_is_there(lab: Lab, quiet: Published) -> None:
    name = "any_order"
    recovery = str(lab.recovery(name))
    archive = lab.start("dataflows.archive", "--namespace", name)
    flow = lab.start("dataflows.market", "--namespace", name, "--recovery", recovery)
    spec = json.dumps({"feed": "synthetic", "profile": "quiet", "seed": 7, "minutes": 1, "symbols": ["60"]})
    feed = lab.start("connectors.ingest", "--namespace", name, "--spec", spec)
    lab.finish(feed, flow, archive)
    assert lab.digests(name) == quiet.digests
