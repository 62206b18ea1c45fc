import { describe, expect, it } from "vitest";
import type { Row } from "../net/rest";
import { heldBack, scoreParts, storiesOf } from "./stories";

function alert(id: string, more: Row = {}): Row {
  return {
    alert_id: id,
    story_id: "s1",
    underlying: "IBM",
    status: "opened",
    direction: "bullish",
    volatility_direction: "long",
    severity: "high",
    emit_ms: 1,
    score: 0.5,
    premium: 10,
    story_premium: 30,
    story_score: 0.9,
    is_delivered: true,
    held_back_count: 0,
    ...more,
  };
}

describe("stories", () => {
  it("groups alerts and tells of the story what its newest alert says", () => {
    const [first, second] = storiesOf([
      alert("a", { emit_ms: 1, story_premium: 10, severity: "low" }),
      alert("b", { emit_ms: 3, score: 0.9 }),
      alert("c", { story_id: "s2", emit_ms: 2, underlying: "GE" }),
    ]);
    expect([first?.id, first?.premium, first?.score, first?.severity]).toEqual(["s1", 30, 0.9, "high"]);
    expect(first?.alerts.map((row) => row.alert_id)).toEqual(["b", "a"]);
    expect([second?.id, second?.underlying]).toEqual(["s2", "GE"]);
  });

  it("keeps what was taken back, last, and counts what stands", () => {
    const [story] = storiesOf([
      alert("a", { status: "retracted", score: 0.99 }),
      alert("b", { status: "expired" }),
      alert("c", { score: 0.4 }),
    ]);
    expect(story?.alerts.map((row) => row.alert_id)).toEqual(["b", "c", "a"]);
    expect(story?.standing).toBe(1);
  });

  it("puts stories that are over behind those that stand", () => {
    const stories = storiesOf([
      alert("a", { story_id: "old", status: "expired", emit_ms: 9 }),
      alert("b", { story_id: "new", emit_ms: 5 }),
    ]);
    expect(stories.map((story) => story.id)).toEqual(["new", "old"]);
  });

  it("lets an alert without a story stand alone", () => {
    const stories = storiesOf([alert("a", { story_id: "" }), alert("b", { story_id: "" })]);
    expect(stories.map((story) => [story.id, story.premium])).toEqual([
      ["a", 10],
      ["b", 10],
    ]);
  });

  it("marks what the budget held back, and counts it once an underlying", () => {
    const rows = [
      alert("a", { is_delivered: false, held_back_count: 2 }),
      alert("b", { is_delivered: false, held_back_count: 3 }),
      alert("c", { story_id: "s2", underlying: "GE", held_back_count: 1 }),
    ];
    expect(heldBack(rows)).toBe(4);
    expect(storiesOf(rows).map((story) => story.isDelivered).sort()).toEqual([false, true]);
  });

  it("takes a score apart so that its parts add up", () => {
    const parts = scoreParts(
      alert("a", { score: 0.55, score_premium: 0.2, score_structure: 0.4, score_noise: 0.05 }),
    );
    expect(parts.reduce((sum, part) => sum + part.value, 0)).toBeCloseTo(0.55, 6);
    expect(parts.at(-1)).toEqual({ name: "noise", label: "noise", value: -0.05 });
    expect(scoreParts(alert("b"))).toEqual([]);
  });
});
