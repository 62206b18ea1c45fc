import { describe, expect, it } from "vitest";
import { newestSlots, parseFilter } from "./filter";
import { Ring } from "./ring";

const shape = { underlying: "text", price: "number", at: "time", is_off: "flag" } as const;

function fill(ring: Ring, names: string[]): void {
  const columns = {
    underlying: names,
    price: names.map((_, index) => index),
    at: names.map((_, index) => String(1_700_000_000_000_000_000n + BigInt(index) * 1_000_000n)),
    is_off: names.map((_, index) => index % 2 === 1),
  };
  names.forEach((_, index) => ring.append(columns, index));
}

describe("a ring", () => {
  it("keeps the newest rows and drops the oldest when full", () => {
    const ring = new Ring({ capacity: 3, shape });
    fill(ring, ["A", "B", "C", "D", "E"]);
    expect(ring.total).toBe(5);
    expect(ring.length).toBe(3);
    expect([0, 1, 2].map((age) => ring.text("underlying", ring.slotByAge(age)))).toEqual([
      "E",
      "D",
      "C",
    ]);
  });

  it("holds times as ms, flags as bits and absence as NaN", () => {
    const ring = new Ring({ capacity: 4, shape });
    fill(ring, ["A", "B"]);
    ring.append({ underlying: ["C"], price: [null] }, 0);
    const slot = ring.slotByAge(0);
    expect(ring.number("at", ring.slotByAge(1))).toBe(1_700_000_000_001);
    expect(ring.isSet("is_off", ring.slotByAge(1))).toBe(true);
    expect(ring.number("price", slot)).toBeNaN();
    expect(ring.number("at", slot)).toBeNaN();
    expect(ring.isSet("is_off", slot)).toBe(false);
  });

  it("is not changed through a frozen copy", () => {
    const ring = new Ring({ capacity: 2, shape });
    fill(ring, ["A", "B"]);
    const copy = ring.freeze();
    fill(ring, ["C", "D"]);
    expect(copy.text("underlying", copy.slotByAge(0))).toBe("B");
    expect(copy.total).toBe(2);
  });
});

describe("a ring of versions", () => {
  const claims = { id: "text", version: "number", state: "text" } as const;
  const put = (ring: Ring, id: string, version: number, state: string): void =>
    ring.append({ id: [id], version: [version], state: [state] }, 0);

  it("replaces in place and refuses lower or equal versions", () => {
    const ring = new Ring({ capacity: 4, shape: claims, key: "id" });
    put(ring, "a", 0, "final");
    put(ring, "b", 0, "final");
    put(ring, "a", 2, "retracted");
    put(ring, "a", 1, "restated");
    put(ring, "a", 2, "again");
    expect(ring.total).toBe(2);
    expect(ring.text("state", ring.slotByAge(1))).toBe("retracted");
  });

  it("forgets the key of a row that was dropped", () => {
    const ring = new Ring({ capacity: 2, shape: claims, key: "id" });
    for (const id of ["a", "b", "c"]) put(ring, id, 0, "final");
    put(ring, "a", 0, "back");
    expect(ring.text("state", ring.slotByAge(0))).toBe("back");
    expect(ring.text("id", ring.slotByAge(1))).toBe("c");
  });
});

describe("the ticker filter", () => {
  it("reads words in any case and names what it refuses", () => {
    const { filter, refused } = parseFilter(" ibm, Spy ;brk.b  n<a>v ibm");
    expect([...(filter ?? [])]).toEqual(["IBM", "SPY", "BRK.B"]);
    expect(refused).toEqual(["N<A>V"]);
  });

  it("lets everything through when nothing is typed", () => {
    expect(parseFilter("  ").filter).toBeNull();
  });

  it("finds the newest matching rows, newest first", () => {
    const ring = new Ring({ capacity: 8, shape });
    fill(ring, ["A", "B", "A", "C", "A", "B"]);
    const prices = newestSlots(ring, new Set(["A"]), 2).map((slot) => ring.number("price", slot));
    expect(prices).toEqual([4, 2]);
    expect(newestSlots(ring, new Set(["Z"]), 2)).toEqual([]);
  });
});
