import type { Event } from '../contracts/event.ts'
import { describeHistory, describeModelSettings } from './describe-settings.ts'
import { stalledRemark } from './stalled-remark.ts'
import { toPlainLine } from './text-filter.ts'

/** What has changed in a conversation, one line for each thing that a person may want to know. */
export function describeChanges(change: Extract<Event, { type: 'conversation.updated' }>): string[] {
  const { stalled, busyPolicy, permissions, title, model, modelSettings, history, memory, archived } = change
  return [
    ...(stalled === undefined ? [] : [stalled ? stalledRemark : 'The conversation goes on again.']),
    ...(title === undefined ? [] : [`Title: ${toPlainLine(title)}`]),
    ...(model === undefined ? [] : [`Model: ${toPlainLine(model)}.`]),
    ...(modelSettings === undefined ? [] : [`Model settings: ${describeModelSettings(modelSettings)}.`]),
    ...(history === undefined ? [] : [`History: ${describeHistory(history)}.`]),
    ...(memory === undefined ? [] : [`Memory of other conversations: ${memory ? 'on' : 'off'}.`]),
    ...(archived === undefined ? [] : [archived ? 'Archived.' : 'Not archived any more.']),
    ...(busyPolicy === undefined ? [] : [`Messages during a turn: ${busyPolicy}.`]),
    ...(permissions === undefined ? [] : [`Permissions: ${permissions}.`]),
  ]
}
