/** When to draw: once in an animation frame and at most ten times a second. Knows no widget. */

export type Draw = () => void;

export const DRAW_EVERY_MS = 100;
export const DRAW_EVERY_MS_REDUCED = 500;

export class Painter {
  private readonly draws = new Set<Draw>();
  private last = Number.NEGATIVE_INFINITY;
  private frame: number | null = null;
  private isDirty = true;

  constructor(
    private readonly everyMs: number,
    private readonly nextFrame: (run: FrameRequestCallback) => number = (run) =>
      requestAnimationFrame(run),
  ) {}

  /** Call `draw` whenever something changed; returns the way to stop that. */
  add(draw: Draw): () => void {
    this.draws.add(draw);
    this.invalidate();
    return () => this.draws.delete(draw);
  }

  /** Say that something changed. Many calls before a draw cost one draw. */
  invalidate(): void {
    this.isDirty = true;
    this.frame ??= this.nextFrame((now) => this.tick(now));
  }

  private tick(now: number): void {
    this.frame = null;
    if (!this.isDirty) return;
    if (now - this.last < this.everyMs) {
      this.frame = this.nextFrame((later) => this.tick(later));
      return;
    }
    this.last = now;
    this.isDirty = false;
    for (const draw of this.draws) draw();
  }
}
