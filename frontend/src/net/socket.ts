/** The one connection to the gateway: connects, subscribes, comes back. Refuses to hold data. */

import { CHANNELS, type ServerMessage, type Subscribe, parseMessage } from "./protocol";

export type Link = "connecting" | "open" | "closed";

export interface Handlers {
  onMessage(message: ServerMessage): void;
  onLink(link: Link, retryInMs: number | null): void;
  onRefused(): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Wait before attempt number `attempt` (from 0): doubling, with a random half. */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + 0.5 * random));
}

export class Connection {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private attempt = 0;
  private underlying: readonly string[] | null = null;
  private isClosing = false;
  private readonly cursors = new Map<string, string>();

  constructor(
    private readonly url: string,
    private readonly handlers: Handlers,
  ) {}

  open(): void {
    this.isClosing = false;
    this.timer = null;
    this.handlers.onLink("connecting", null);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => this.onOpen();
    socket.onmessage = (event: MessageEvent) => this.onFrame(event.data);
    socket.onclose = () => this.onClose(socket);
  }

  close(): void {
    this.isClosing = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
  }

  /** Ask for these underlyings only; null asks for all. Sent again after each reconnect. */
  select(underlying: readonly string[] | null): void {
    this.underlying = underlying;
    // What stood at a cursor was another selection: begin with the newest rows of this one.
    this.cursors.clear();
    if (this.socket?.readyState === WebSocket.OPEN) this.subscribe();
  }

  private onOpen(): void {
    this.handlers.onLink("open", null);
    this.subscribe();
  }

  private subscribe(): void {
    const request: Subscribe = {
      type: "subscribe",
      channels: CHANNELS,
      underlying: this.underlying,
      ...(this.cursors.size > 0 && { cursor: Object.fromEntries(this.cursors) }),
    };
    this.socket?.send(JSON.stringify(request));
  }

  private onFrame(data: unknown): void {
    const message = typeof data === "string" ? parseMessage(data) : null;
    if (message === null) {
      this.handlers.onRefused();
      return;
    }
    // Only a gateway that speaks counts as reached: one that accepts and hangs up is waited for.
    if (message.type === "status") this.attempt = 0;
    if (message.type === "rows") this.cursors.set(message.channel, message.cursor);
    this.handlers.onMessage(message);
  }

  private onClose(socket: WebSocket): void {
    if (this.isClosing || socket !== this.socket) return;
    const waitMs = backoffMs(this.attempt, Math.random());
    this.attempt += 1;
    this.handlers.onLink("closed", waitMs);
    this.timer = setTimeout(() => this.open(), waitMs);
  }
}

/** Address of the gateway's socket beside the page itself. */
export function socketUrl(page: Location): string {
  const url = new URL("ws", page.href);
  url.protocol = page.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  url.search = "";
  return url.href;
}
