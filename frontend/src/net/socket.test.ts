import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ServerMessage, parseMessage } from "./protocol";
import { Connection, backoffMs, socketUrl } from "./socket";

/** A socket that opens, speaks and breaks when the test says so. */
class FakeSocket {
  static readonly OPEN = 1;
  static made: FakeSocket[] = [];
  readyState = 0;
  sent: string[] = [];
  onopen: () => void = () => undefined;
  onmessage: (event: { data: unknown }) => void = () => undefined;
  onclose: () => void = () => undefined;

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.onclose();
  }

  accept(): void {
    this.readyState = 1;
    this.onopen();
  }

  get asked(): Record<string, unknown> {
    return JSON.parse(this.sent.at(-1) ?? "{}") as Record<string, unknown>;
  }
}

const latest = (): FakeSocket => FakeSocket.made.at(-1) as FakeSocket;
const frame = (channel: string, cursor: string): string =>
  JSON.stringify({ type: "rows", channel, columns: {}, rows: 0, skipped: 0, cursor });

describe("a connection", () => {
  const heard: ServerMessage[] = [];
  let refused = 0;
  let connection: Connection;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", FakeSocket);
    FakeSocket.made = [];
    heard.length = 0;
    refused = 0;
    connection = new Connection("ws://here/ws", {
      onMessage: (message) => heard.push(message),
      onLink: () => undefined,
      onRefused: () => {
        refused += 1;
      },
    });
    connection.open();
  });

  afterEach(() => {
    connection.close();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("subscribes when open and again after a lost link, from where it stood", () => {
    connection.select(["IBM"]);
    latest().accept();
    expect(latest().asked).toMatchObject({ type: "subscribe", underlying: ["IBM"] });
    expect(latest().asked.cursor).toBeUndefined();
    latest().onmessage({ data: frame("flow.alerts", "ab:12") });
    latest().close();
    vi.advanceTimersByTime(600);
    expect(FakeSocket.made).toHaveLength(2);
    latest().accept();
    expect(latest().asked).toMatchObject({
      underlying: ["IBM"],
      cursor: { "flow.alerts": "ab:12" },
    });
  });

  it("forgets where it stood when something else is selected", () => {
    latest().accept();
    latest().onmessage({ data: frame("flow.alerts", "ab:12") });
    connection.select(["SPY"]);
    expect(latest().asked).toMatchObject({ underlying: ["SPY"] });
    expect(latest().asked.cursor).toBeUndefined();
  });

  it("counts frames it does not understand and goes on", () => {
    latest().accept();
    const strange = ["{", "[]", '{"type":"boo"}', new ArrayBuffer(2)];
    for (const data of strange) latest().onmessage({ data });
    latest().onmessage({ data: frame("flow.alerts", "ab:1") });
    expect(refused).toBe(4);
    expect(heard).toHaveLength(1);
  });

  it("does not come back once closed", () => {
    latest().accept();
    connection.close();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.made).toHaveLength(1);
  });
});

describe("the wait before the next attempt", () => {
  it("doubles up to fifteen seconds and is spread over its upper half", () => {
    expect(backoffMs(0, 1)).toBe(500);
    expect(backoffMs(3, 1)).toBe(4_000);
    expect(backoffMs(3, 0)).toBe(2_000);
    expect(backoffMs(99, 1)).toBe(15_000);
  });
});

describe("messages", () => {
  it("with columns of unequal length are refused", () => {
    const message = { type: "rows", channel: "flow.alerts", rows: 2, skipped: 0, cursor: "a:1" };
    expect(parseMessage(JSON.stringify({ ...message, columns: { seq: [1, 2] } }))).not.toBeNull();
    expect(parseMessage(JSON.stringify({ ...message, columns: { seq: [1] } }))).toBeNull();
    expect(parseMessage(JSON.stringify({ ...message, columns: null }))).toBeNull();
    expect(parseMessage(JSON.stringify({ ...message, channel: "x", columns: {} }))).toBeNull();
  });
});

it("finds the socket beside the page", () => {
  const at = (href: string): string => socketUrl(new URL(href) as unknown as Location);
  expect(at("http://127.0.0.1:8000/?a=1#b")).toBe("ws://127.0.0.1:8000/ws");
  expect(at("https://flow.example/desk/")).toBe("wss://flow.example/desk/ws");
});
