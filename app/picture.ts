/** Drawings as they are sent: SVG, or PNG made of it. */
import type { ReactElement } from "react";

/** An answer with a drawing; `density` is of the PNG, in pixels for each unit of the SVG. */
export async function picture(drawing: ReactElement, format: "svg" | "png", name: string, density: number): Promise<Response> {
  const { renderToStaticMarkup } = await import("react-dom/server");
  const svg = renderToStaticMarkup(drawing);
  if (format === "svg") return image(svg, "image/svg+xml", `${name}.svg`);
  const { default: sharp } = await import("sharp");
  const png = await sharp(Buffer.from(svg), { density: 72 * density })
    .png({ palette: true })
    .toBuffer();
  return image(new Uint8Array(png), "image/png", `${name}.png`);
}

function image(body: BodyInit, type: string, name: string): Response {
  return new Response(body, {
    headers: { "content-type": type, "content-disposition": `inline; filename="${name}"`, "cache-control": "no-cache" },
  });
}
