import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { waitMs } from "../../../otel/otlp/backoff.ts";
import { outcomeOf, retryAfterMs } from "../../../otel/otlp/outcome.ts";
import type { Answer } from "../../../otel/otlp/post.ts";
import { settle } from "../../../otel/otlp/settle.ts";

const answer = (status: number, over: Partial<Answer> = {}): Answer => ({
  status,
  contentType: "application/x-protobuf",
  retryAfter: null,
  body: Buffer.alloc(0),
  ...over,
});
const nothingRejected = () => ({ rejected: 0, message: "" });

describe("what an answer means", () => {
  const kind = (given: Answer) => outcomeOf(given, nothingRejected, 0).kind;
  test.each([
    [200, "settled"],
    [202, "settled"],
    [400, "refused"],
    [413, "refused"],
    [422, "refused"],
    [401, "later"],
    [403, "later"],
    [404, "later"],
    [408, "later"],
    [429, "later"],
    [500, "later"],
    [502, "later"],
    [503, "later"],
    [504, "later"],
    [301, "later"],
  ])("%d is %s", (status, expected) => expect(kind(answer(status))).toBe(expected));

  test("a 200 whose body is no OTLP response is nobody's acceptance", () => {
    const unreadable = () => {
      throw new Error("no protobuf");
    };
    const portal = answer(200, { contentType: "text/html", body: Buffer.from("<html>log in</html>") });
    expect(outcomeOf(portal, unreadable, 0)).toMatchObject({
      kind: "later",
      reason: "answered 200 with what is no OTLP response (text/html)",
    });
  });

  test("the receiver's own words are told, out of a google.rpc.Status in protobuf too", () => {
    const reason = (body: Buffer, contentType = "application/x-protobuf") => {
      const outcome = outcomeOf(answer(503, { body, contentType }), nothingRejected, 0);
      return outcome.kind === "settled" ? null : outcome.reason;
    };
    // As a Collector answers: a code, then a message whose length happens to be a letter.
    const words = `error exporting items ${"x".repeat(102)}`;
    const status = Buffer.concat([Buffer.from([0x08, 14, 0x12, words.length]), Buffer.from(words)]);
    expect(words.length).toBe("|".charCodeAt(0));
    expect(reason(status)).toBe(`answered 503: ${words}`);
    expect(reason(Buffer.from("too busy\n"), "text/plain")).toBe("answered 503: too busy");
    expect(reason(Buffer.from("not what it says it is"))).toBe("answered 503: not what it says it is");
    expect(reason(Buffer.from([0x12, 200, 65]))).toBe("answered 503: A");
    expect(reason(Buffer.alloc(0))).toBe("answered 503");
  });

  test("Retry-After is seconds or a date", () => {
    expect(retryAfterMs("7", 0)).toBe(7000);
    expect(retryAfterMs("Wed, 21 Oct 2026 07:28:05 GMT", Date.parse("2026-10-21T07:28:00Z"))).toBe(5000);
    expect(retryAfterMs("Wed, 21 Oct 2026 07:28:05 GMT", Date.parse("2026-10-21T08:00:00Z"))).toBe(0);
    expect(retryAfterMs("soon", 0)).toBeNull();
  });

  test("waits double up to a minute, vary by half, and never end before the receiver said", () => {
    expect([1, 2, 3, 20].map((attempt) => waitMs(attempt, null, () => 1))).toEqual([500, 1000, 2000, 60_000]);
    expect(waitMs(3, null, () => 0)).toBe(1000);
    expect(waitMs(1, 7000, () => 0.5)).toBe(7000);
    expect(waitMs(20, 7000, () => 0)).toBe(30_000);
    expect(waitMs(1, 1e12, () => 0)).toBe(600_000);
  });
});

/** Items are numbers; the receiver is a function from a batch to its answer. */
function delivery(receive: (items: number[]) => Answer | Error) {
  const posts: number[][] = [];
  const waits: number[] = [];
  const troubles: (string | null)[] = [];
  const ending = new AbortController();
  return {
    posts,
    waits,
    troubles,
    ending,
    settle: (items: number[]) =>
      settle(items, {
        serialize: (batch) => Buffer.from(JSON.stringify(batch)),
        readPartial: (body) => ({ rejected: Number(body.toString() || 0), message: "too old" }),
        post: async (body) => {
          const batch = JSON.parse(Buffer.from(body).toString()) as number[];
          posts.push(batch);
          const said = receive(batch);
          if (said instanceof Error) throw said;
          return said;
        },
        signal: ending.signal,
        wait: async (ms) => {
          waits.push(ms);
        },
        random: () => 1,
        nowMs: () => 0,
        onTrouble: (reason) => troubles.push(reason),
      }),
  };
}

describe("settling a batch", () => {
  test("an acceptance settles all of it with one request", async () => {
    const { settle, posts } = delivery(() => answer(200));
    expect(await settle([1, 2, 3])).toEqual({ sent: 3, rejected: 0, dead: [] });
    expect(posts).toEqual([[1, 2, 3]]);
  });

  test("what a receiver says it did not take is counted, told, and not sent again", async () => {
    const { settle, posts, troubles } = delivery(() => answer(200, { body: Buffer.from("2") }));
    expect(await settle([1, 2, 3])).toEqual({ sent: 1, rejected: 2, dead: [] });
    expect(posts).toHaveLength(1);
    expect(troubles).toEqual(["rejected 2 of 3: too old"]);
  });

  test("the same bytes are sent until they are answered, with growing waits and the receiver's own", async () => {
    const answers = [new Error("ECONNRESET"), answer(503), answer(429, { retryAfter: "9" }), answer(200)];
    const { settle, posts, waits, troubles } = delivery(() => answers.shift() as Answer | Error);
    expect(await settle([1, 2])).toEqual({ sent: 2, rejected: 0, dead: [] });
    expect(posts).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(waits).toEqual([500, 1000, 9000]);
    expect(troubles).toEqual(["ECONNRESET", "answered 503", "answered 429", null]);
  });

  test("it never gives up by itself; ending it settles nothing", async () => {
    const { settle, posts, ending } = delivery((batch) => {
      if (posts.length === 500) ending.abort(new Error("ended"));
      return batch.length > 0 ? answer(503) : answer(200);
    });
    await expect(settle([1])).rejects.toThrow("ended");
    expect(posts.length).toBe(500);
  });

  test("whatever is poisoned stands alone in the end, and nothing else is lost or sent twice", async () => {
    const batches = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(batches, async (poisoned) => {
        const taken: number[] = [];
        const { settle } = delivery((batch) => {
          if (batch.some((item) => poisoned[item])) return answer(400, { body: Buffer.from("bad span") });
          taken.push(...batch);
          return answer(200);
        });
        const items = poisoned.map((_, item) => item);
        const { sent, dead } = await settle(items);
        expect(dead.map(({ item }) => item)).toEqual(items.filter((item) => poisoned[item]));
        expect(taken).toEqual(items.filter((item) => !poisoned[item]));
        expect(sent).toBe(taken.length);
        for (const { reason } of dead) expect(reason).toBe("answered 400: bad span");
      }),
    );
  });
});
