import type { ConversationExport } from '../schemas/conversation-export.ts'

/** What stays of a conversation that keeps nothing: that somebody wrote, and when. As after its turns were forgotten. */
export function withoutContent({
  clearedUpTo: _cleared,
  ...exported
}: ConversationExport): ConversationExport {
  const messages = exported.messages
    .filter(({ role }) => role === 'user' || role === 'note')
    .map(({ text: _text, parentId: _parent, ...message }) => message)
  return { ...exported, messages, compactions: [] }
}
