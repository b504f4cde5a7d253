/** One value as one line of JSON that is safe to look at: C1 controls are escaped too. */
export function toJsonLine(value: unknown): string {
  const escape = (control: string) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, escape)}\n`
}
