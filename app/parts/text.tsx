/**
 * Text from strangers, shown as what it is. Names in pickles, paths and cards can hold markup (React escapes it), control
 * characters, direction overrides that reorder what is read, and 64 KB; here they can mislead nobody.
 */
import { createElement, Fragment, type ReactNode } from "react";
import { integer } from "./numbers.ts";

/**
 * What is never shown as itself: controls, format characters (direction overrides, tags), whatever renders as nothing,
 * spaces that are not the space, unassigned and private code points, lone surrogates.
 */
const UNSEEN = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]|[^\S ])/u;

/** UTF-16 units shown of one name; beyond, how many there are is said. */
const LONGEST_NAME = 400;

/** Shorter names are not offered places to break at. */
const UNBROKEN = 24;

/** A name: isolated from the direction of what surrounds it, the unseen made visible, long ones cut. */
export function Name({ children, code = false }: { readonly children: string; readonly code?: boolean }) {
  const shown = beginning(children);
  const hidden = children.length - shown.length;
  return createElement(
    code ? "code" : "bdi",
    { className: "name" },
    ...(children === ""
      ? [
          <span key="empty" className="unseen">
            empty
          </span>,
        ]
      : breakable(visible(shown))),
    hidden > 0 && <span className="unseen">… {integer(hidden)} more characters</span>,
  );
}

/** The same, for where only text can stand: titles and labels. */
export function plainName(name: string): string {
  const shown = beginning(name);
  const text = shown.split(UNSEEN).map((part, index) => (index % 2 === 0 ? part : codePointName(part)));
  return `${text.join("")}${shown.length < name.length ? "…" : ""}`;
}

/** A line of source: tabs stay, everything else that is not seen is named, so that no comment can hide code. */
export function visibleLine(line: string): ReactNode {
  return createElement(Fragment, null, ...visible(line, "\t"));
}

/** The text with everything unseen but `kept` made visible. */
function visible(text: string, kept?: string): ReactNode[] {
  return text.split(UNSEEN).map((part, index) => (index % 2 === 0 || part === kept ? part : unseen(part)));
}

/** Long dotted names and paths break at their joints before they break within a word. */
function breakable(parts: readonly ReactNode[]): ReactNode[] {
  return parts.flatMap((part) => (typeof part === "string" && part.length > UNBROKEN ? joints(part) : [part]));
}

function joints(text: string): ReactNode[] {
  return text.split(/(?<=[./@:])(?=\w)/).flatMap((part, index) => (index === 0 ? [part] : [<wbr key={part} />, part]));
}

function unseen(character: string): ReactNode {
  return <span className="unseen">{codePointName(character)}</span>;
}

function codePointName(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** At most `LONGEST_NAME` units, without half a pair at the end. */
function beginning(name: string): string {
  return name.length <= LONGEST_NAME ? name : name.slice(0, LONGEST_NAME).replace(/[\ud800-\udbff]$/, "");
}
