/** The path of one conversation. */
export function pathOf(conversationId: string): string {
  return `/api/conversations/${encodeURIComponent(conversationId)}`
}
