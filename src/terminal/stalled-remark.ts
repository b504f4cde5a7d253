/** What is said of a conversation whose workflow cannot go on. */
export const stalledRemark = 'Stalled: its workflow cannot go on. /reset ends the turn and begins it anew.'
