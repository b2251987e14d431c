/** One request as it is, redirects not followed: what tests of the Hub's own answers look at. */
export async function get(url: string, headers: Record<string, string> = {}, method = "GET") {
  const response = await fetch(url, { method, headers, redirect: "manual" });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    header: (name: string) => response.headers.get(name),
    bytes,
    text: () => new TextDecoder().decode(bytes),
    json: () => JSON.parse(new TextDecoder().decode(bytes)),
  };
}
