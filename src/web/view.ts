/** What a view is, and how one becomes the text of a page. */
import type { HtmlEscapedString } from 'hono/utils/html'
import { printableLines } from '../base/mod.ts'

/** Rendered HTML; hono's JSX escapes every text and attribute that goes into it. */
export type View = HtmlEscapedString | Promise<HtmlEscapedString>

/** A whole document, from the view of its `<html>` element. */
export async function renderPage(view: View): Promise<string> {
  return `<!doctype html>${await renderPart(view)}`
}

/**
 * A part of a page, such as a region. Names, paths and reasons come from others: what in them hides or turns the reading order
 * around is shown as `\u{202e}`. It is done here, once, for every text there is; our own markup has no such character.
 */
export async function renderPart(view: View): Promise<string> {
  return printableLines(String(await view))
}
