import { describe, expect, it } from "vitest";
import { benignLines, historyLines, legsOf, packageLines, sideLines } from "./claims";

describe("what is inferred", () => {
  it("names method and label with a chance, and abstains where there is none", () => {
    const packet = {
      p_aggressor_buy: 0.91,
      aggressor_method: "combined",
      p_customer_buy: null,
      customer_method: "none",
      side_label: "uncalibrated",
    };
    expect(sideLines(packet)).toEqual([
      ["A buyer took", "91 % (combined, uncalibrated)"],
      ["The customer bought", "abstains"],
    ]);
  });

  it("shows the four claims of a package, and nothing of what is none", () => {
    expect(packageLines({ package_class: "none" })).toEqual([]);
    const lines = packageLines({
      package_class: "vertical",
      geometry: "vertical",
      grouping_p: 0.98,
      geometry_p: 0.97,
      sign_p: null,
      direction_p: 0.6,
      units: 50,
      net_premium: -12_000,
      premium: 40_000,
    });
    expect(lines.slice(0, 4).map((line) => line[1])).toEqual(["98 %", "97 %", "–", "60 %"]);
    expect(lines.find((line) => line[0] === "Net premium")?.[1]).toBe("$12.0K received");
  });

  it("reads legs with their signs, and takes broken JSON for none", () => {
    const legs = legsOf('[{"contract":"X","ratio":-2,"is_signed":true,"size":20,"price":1.5},{"contract":"Y"}]');
    expect(legs[0]).toEqual({ series: "X", ratio: "−2", size: "20", price: "1.50" });
    expect(legs[1]?.ratio).toBe("±1");
    expect(legsOf("{")).toEqual([]);
  });

  it("lists readings and versions", () => {
    expect(benignLines('[{"reading":"roll","weight":0.4,"evidence":"two expiries"}]')).toEqual([
      ["roll 0.40", "two expiries"],
    ]);
    const lines = historyLines([
      { version: 2, status: "retracted", reason: "cancel", emit_ts: "2", score: 0.5 },
      { version: 1, status: "opened", reason: "none", emit_ts: "1", score: 0.5 },
    ]);
    expect(lines.map((line) => line[1])).toEqual([
      "opened, 0.50",
      "retracted: a trade was cancelled, 0.50",
    ]);
  });
});
