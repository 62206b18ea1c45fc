import { expect, it } from "vitest";
import { Painter, type Timing } from "./painter";

const FRAME_MS = 16;

/** Time that passes when the test says so, in animation frames. */
class Clock implements Timing {
  frames = 0;
  private ms = 0;
  private framed: (() => void)[] = [];
  private waiting: { run: () => void; atMs: number }[] = [];

  now(): number {
    return this.ms;
  }

  wait(run: () => void, ms: number): void {
    this.waiting.push({ run, atMs: this.ms + ms });
  }

  nextFrame(run: () => void): void {
    this.frames += 1;
    this.framed.push(run);
  }

  /** Let time pass; `each` runs before every frame. */
  pass(ms: number, each: () => void = () => undefined): void {
    for (const end = this.ms + ms; this.ms < end; this.ms += FRAME_MS) {
      each();
      const due = this.waiting.filter((one) => one.atMs <= this.ms);
      this.waiting = this.waiting.filter((one) => one.atMs > this.ms);
      for (const one of due) one.run();
      const framed = this.framed;
      this.framed = [];
      for (const run of framed) run();
    }
  }
}

function counted(clock: Clock): { painter: Painter; drawn: () => number; stop: () => void } {
  const painter = new Painter(100, clock);
  let drawn = 0;
  const stop = painter.add(() => {
    drawn += 1;
  });
  return { painter, drawn: () => drawn, stop };
}

it("draws many changes once, and at most every 100 ms", () => {
  const clock = new Clock();
  const { painter, drawn } = counted(clock);
  clock.pass(1_000, () => {
    for (let change = 0; change < 50; change += 1) painter.invalidate();
  });
  expect(drawn()).toBeGreaterThanOrEqual(8);
  expect(drawn()).toBeLessThanOrEqual(10);
  expect(clock.frames).toBeLessThanOrEqual(drawn() + 1);
});

it("draws the last change even if nothing follows it", () => {
  const clock = new Clock();
  const { painter, drawn } = counted(clock);
  clock.pass(FRAME_MS);
  expect(drawn()).toBe(1);
  painter.invalidate();
  clock.pass(2 * FRAME_MS);
  expect(drawn()).toBe(1);
  clock.pass(120);
  expect(drawn()).toBe(2);
});

it("asks for no frame while nothing changes, and calls no one who left", () => {
  const clock = new Clock();
  const { painter, drawn, stop } = counted(clock);
  clock.pass(1_000);
  expect(clock.frames).toBe(1);
  stop();
  painter.invalidate();
  clock.pass(1_000);
  expect(drawn()).toBe(1);
});
