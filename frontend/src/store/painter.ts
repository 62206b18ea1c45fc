/** When to draw: once in an animation frame and at most ten times a second. Knows no widget. */

export type Draw = () => void;

export const DRAW_EVERY_MS = 100;
export const DRAW_EVERY_MS_REDUCED = 500;

/** Where a painter takes its time from: the browser, or a test. */
export interface Timing {
  now(): number;
  wait(run: () => void, ms: number): void;
  nextFrame(run: () => void): void;
}

const BROWSER: Timing = {
  now: () => performance.now(),
  wait: (run, ms) => setTimeout(run, ms),
  nextFrame: (run) => requestAnimationFrame(run),
};

export class Painter {
  private readonly draws = new Set<Draw>();
  private last = Number.NEGATIVE_INFINITY;
  private isAwaited = false;

  constructor(
    private readonly everyMs: number,
    private readonly timing: Timing = BROWSER,
  ) {}

  /** Call `draw` whenever something changed; returns the way to stop that. */
  add(draw: Draw): () => void {
    this.draws.add(draw);
    this.invalidate();
    return () => this.draws.delete(draw);
  }

  /** Say that something changed. Many calls before a draw cost one draw. */
  invalidate(): void {
    if (this.isAwaited) return;
    this.isAwaited = true;
    const restMs = this.last + this.everyMs - this.timing.now();
    // Asking for frames meanwhile would make the browser prepare sixty a second for ten draws.
    if (restMs > 0) this.timing.wait(() => this.timing.nextFrame(() => this.draw()), restMs);
    else this.timing.nextFrame(() => this.draw());
  }

  private draw(): void {
    this.last = this.timing.now();
    this.isAwaited = false;
    for (const draw of this.draws) draw();
  }
}
