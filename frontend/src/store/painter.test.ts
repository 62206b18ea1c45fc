import { expect, it } from "vitest";
import { Painter } from "./painter";

/** Animation frames that come when the test says so. */
class Frames {
  private waiting: FrameRequestCallback[] = [];

  readonly next = (run: FrameRequestCallback): number => this.waiting.push(run);

  run(now: number): void {
    const due = this.waiting;
    this.waiting = [];
    for (const frame of due) frame(now);
  }
}

it("draws many changes once, and at most every 100 ms", () => {
  const frames = new Frames();
  const painter = new Painter(100, frames.next);
  let drawn = 0;
  painter.add(() => {
    drawn += 1;
  });
  for (let now = 0; now < 1_000; now += 16) {
    for (let change = 0; change < 50; change += 1) painter.invalidate();
    frames.run(now);
  }
  expect(drawn).toBeGreaterThanOrEqual(8);
  expect(drawn).toBeLessThanOrEqual(10);
});

it("draws the last change even if nothing follows it", () => {
  const frames = new Frames();
  const painter = new Painter(100, frames.next);
  let drawn = 0;
  painter.add(() => {
    drawn += 1;
  });
  frames.run(0);
  painter.invalidate();
  frames.run(16);
  expect(drawn).toBe(1);
  for (let now = 32; now <= 128; now += 16) frames.run(now);
  expect(drawn).toBe(2);
});

it("asks for no frame while nothing changes", () => {
  const frames = new Frames();
  const painter = new Painter(100, frames.next);
  let drawn = 0;
  const stop = painter.add(() => {
    drawn += 1;
  });
  frames.run(0);
  frames.run(500);
  stop();
  painter.invalidate();
  frames.run(1_000);
  expect(drawn).toBe(1);
});
