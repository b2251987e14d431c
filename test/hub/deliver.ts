/** Writes an answer to a socket, well or as badly as it is told to, and counts the bytes of the body on their way. */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Delivery, HubRequest } from "./http.ts";

const CHUNK = 256 * 1024;

/**
 * Delivers `answer`. The body is read piece by piece as the client takes it, so that a virtual file of any size is
 * never held. `count` is told each number of body bytes before they are written.
 */
export async function deliver(
  response: ServerResponse,
  request: HubRequest,
  answer: Answer,
  count: (bytes: number) => void,
): Promise<void> {
  const { stop, pace } = answer.delivery ?? {};
  // A client may leave at any time; what is then written to it is no failure of the Hub.
  response.on("error", () => {});
  if (stop?.after === "nothing") return end(response, stop.how);
  response.writeHead(answer.status, headersOf(answer));
  if (request.method === "HEAD" || answer.status === 304) return void response.end();
  const size = stop === undefined ? answer.body.size : Math.min(stop.after as number, answer.body.size);
  if (stop !== undefined || pace !== undefined) response.flushHeaders();
  for (let at = 0; at < size && !response.destroyed; ) {
    if (pace !== undefined) await sleep(pace.milliseconds, undefined, { ref: false });
    const bytes = await answer.body.read(at, Math.min(at + (pace?.bytes ?? CHUNK), size));
    if (bytes.length === 0) return end(response, "close");
    count(bytes.length);
    await written(response, bytes);
    at += bytes.length;
  }
  if (stop !== undefined) return end(response, stop.how);
  response.end();
}

function headersOf(answer: Answer): Record<string, string> {
  if (answer.status === 304 || answer.headers["content-length"] !== undefined) return { ...answer.headers };
  return { ...answer.headers, "content-length": String(answer.body.size) };
}

/** Waits until the bytes have left for the socket: what is only buffered would be lost with a connection that is cut. */
function written(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
    response.write(bytes, () => {
      response.off("close", resolve);
      resolve();
    });
  });
}

function end(response: ServerResponse, how: NonNullable<Delivery["stop"]>["how"]): void {
  if (how === "reset") response.socket?.resetAndDestroy();
  if (how === "close") response.socket?.destroy();
  // A stalled answer stays open until the client or the Hub closes the connection.
}
