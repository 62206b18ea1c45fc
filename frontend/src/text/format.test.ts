import { describe, expect, it } from "vitest";
import * as format from "./format";

describe("times", () => {
  it("are New York's, in winter and in summer", () => {
    expect(format.clock(Date.UTC(2025, 11, 8, 14, 30, 0, 5))).toBe("09:30:00.005");
    expect(format.clock(Date.UTC(2025, 6, 8, 13, 30), false)).toBe("09:30:00");
    expect(format.day(Date.UTC(2025, 11, 9, 3))).toBe("8 Dec 2025");
  });

  it("that are absent are a dash", () => {
    expect(format.clock(Number.NaN)).toBe("–");
    expect(format.expiry(Number.NaN)).toBe("–");
  });
});

describe("numbers", () => {
  it("are short where money is large", () => {
    const shown = [0, 452, 999.4, 3_400, 999_949, 999_951, 2_840_000, 1.2e9].map(format.money);
    expect(shown).toEqual(["0", "452", "999", "3.4K", "999.9K", "1.00M", "2.84M", "1.20B"]);
  });

  it("keep sub-penny prices", () => {
    expect([1.5, 308.205, 0.0001, 684.1].map(format.price)).toEqual([
      "1.50",
      "308.2050",
      "0.0001",
      "684.10",
    ]);
  });

  it("group thousands and keep fractions of shares", () => {
    expect([7, 1_234_567, 1_000.25].map(format.count)).toEqual(["7", "1,234,567", "1,000.25"]);
  });

  it("take the unit of an age from its size", () => {
    const ages = [400_000, 38e6, 2.5e9, 90e9, 2 * 3_600e9].map(format.age);
    expect(ages).toEqual(["0.4 ms", "38 ms", "2.5 s", "2 min", "2.0 h"]);
  });

  it("show an expiry as a date", () => {
    expect(format.expiry(20_261_218)).toBe("18 Dec 26");
  });
});
