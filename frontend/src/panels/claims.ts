/** What is inferred of an alert, as lines: side, package, innocent readings, history. Pure. */

import type { Row } from "../net/rest";
import * as format from "../text/format";
import { plain, reasonText } from "../text/words";
import { type Line, numberOf, textOf } from "./evidence";

const READINGS_SHOWN = 10;

const percent = (value: number): string =>
  Number.isFinite(value) ? `${(100 * value).toFixed(0)} %` : format.ABSENT;

/** The two chances of a side, each with its method and what it was checked on; or why there is none. */
export function sideLines(packet: Row): Line[] {
  const label = textOf(packet, "side_label");
  const chance = (name: string, method: string): string => {
    const p = numberOf(packet, name);
    if (!Number.isFinite(p)) return "abstains";
    const how = textOf(packet, method);
    return `${percent(p)} (${plain(how)}${label === "none" || label === "" ? "" : `, ${label}`})`;
  };
  return [
    ["A buyer took", chance("p_aggressor_buy", "aggressor_method")],
    ["The customer bought", chance("p_customer_buy", "customer_method")],
  ];
}

/** The four claims of a package and its money; [] where the packet is none. */
export function packageLines(packet: Row): Line[] {
  const name = textOf(packet, "package_class");
  if (name === "" || name === "none") return [];
  const net = numberOf(packet, "net_premium");
  const word = net < 0 ? "received" : "paid";
  const lines: Line[] = [
    ["Legs are one order", percent(numberOf(packet, "grouping_p"))],
    [plain(textOf(packet, "geometry")) || "Form", percent(numberOf(packet, "geometry_p"))],
    [`${plain(name)} by its signs`, percent(numberOf(packet, "sign_p"))],
    ["Direction", percent(numberOf(packet, "direction_p"))],
    ["Units", format.count(numberOf(packet, "units"))],
    ["Net premium", Number.isFinite(net) ? `$${format.money(Math.abs(net))} ${word}` : "not known"],
    ["Gross premium", `$${format.money(numberOf(packet, "premium"))}`],
  ];
  const roll = numberOf(packet, "roll_p");
  if (Number.isFinite(roll)) lines.push(["A roll", percent(roll)]);
  const tie = numberOf(packet, "stock_tie_p");
  if (Number.isFinite(tie)) {
    lines.push([`Tied to stock print ${textOf(packet, "stock_print_seq")}`, percent(tie)]);
  }
  return lines;
}

export interface Leg {
  series: string;
  ratio: string;
  size: string;
  price: string;
}

/** Legs from the JSON of a packet; a sign that is not claimed shows as ±. */
export function legsOf(json: string): Leg[] {
  return listed(json).map((leg) => {
    const ratio = Number(leg.ratio ?? 1);
    const mark = leg.is_signed !== true ? "±" : ratio < 0 ? "−" : "+";
    return {
      series: textOf(leg, "contract"),
      ratio: `${mark}${Math.abs(ratio)}`,
      size: format.count(numberOf(leg, "size")),
      price: format.price(numberOf(leg, "price")),
    };
  });
}

/** The innocent readings, the heaviest first, each with its weight and evidence. */
export function benignLines(json: string): Line[] {
  return listed(json)
    .slice(0, READINGS_SHOWN)
    .map((reading) => [
      `${plain(textOf(reading, "reading"))} ${format.ratio(numberOf(reading, "weight"))}`,
      textOf(reading, "evidence"),
    ]);
}

/** Versions of an alert, oldest first: when, what, why. */
export function historyLines(versions: readonly Row[]): Line[] {
  return [...versions]
    .sort((a, b) => numberOf(a, "version") - numberOf(b, "version"))
    .map((row) => [
      `${textOf(row, "version")} at ${format.clock(numberOf(row, "emit_ts") / 1e6)}`,
      `${plain(textOf(row, "status"))}${reasonText(textOf(row, "reason"))}, ${format.ratio(numberOf(row, "score"))}`,
    ]);
}

function listed(json: string): Row[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter((item) => typeof item === "object" && item) : [];
  } catch {
    return [];
  }
}
