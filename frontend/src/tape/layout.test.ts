import { describe, expect, it } from "vitest";
import { type Column, cell, fit, widthOf } from "./layout";
import { EQUITY_TAPE, OPTIONS_TAPE, PACKET_TAPE } from "./specs";

const PHONE_CHARACTERS = 55;

const column = (title: string, width: number, rank: number): Column => ({
  title,
  width,
  rank,
  piece: 0,
  text: () => title,
});

describe("columns", () => {
  it("leave in the order of their rank until the rest fits", () => {
    const all = [column("a", 4, 0), column("b", 4, 2), column("c", 4, 1), column("d", 4, 2)];
    expect(fit(all, 24).map((kept) => kept.title)).toEqual(["a", "b", "c", "d"]);
    expect(fit(all, 23).map((kept) => kept.title)).toEqual(["a", "b", "c"]);
    expect(fit(all, 12).map((kept) => kept.title)).toEqual(["a", "c"]);
    expect(fit(all, 1).map((kept) => kept.title)).toEqual(["a"]);
  });

  it("of every tape fit a phone and name the side or the reporting venue in words", () => {
    for (const tape of [OPTIONS_TAPE, EQUITY_TAPE, PACKET_TAPE]) {
      const kept = fit(tape.columns, PHONE_CHARACTERS);
      expect(widthOf(kept)).toBeLessThanOrEqual(PHONE_CHARACTERS);
      const titles = kept.map((one) => one.title);
      expect(titles.includes("Side") || titles.includes("Reported")).toBe(true);
      expect(titles).toContain("Ticker");
    }
  });
});

describe("a cell", () => {
  it("has its width and its gap whatever it holds", () => {
    const right = { ...column("x", 5, 0), isRight: true };
    expect(cell(right, "1.5")).toBe("  1.5  ");
    expect(cell(column("x", 5, 0), "SPY")).toBe("SPY    ");
    expect(cell(column("x", 5, 0), "multi_leg")).toBe("mult…  ");
  });
});
