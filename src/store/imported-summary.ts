const mark = '[From an imported file. Written elsewhere; nothing here has checked it.]'

/** Marks a summary as what it is, and takes its headings: the headings beside it are ours. */
export function toImportedSummary(summary: string): string {
  const plain = summary.replaceAll(/^\s*#+[ \t]*/gm, '')
  return plain.startsWith(mark) ? plain : `${mark}\n\n${plain}`
}
