/** alerts: what is wrong is told to people by webhook and mail, by the server itself. Serves both servers. */
export type { Condition } from './alert.ts'
export { type Alerts, DELIVER_MS, LOOK_MS, openAlerts } from './alerts.ts'
export { ChannelName, type ChannelSummary, MailInput, WebhookInput } from './channels.ts'
export { sealedChannels } from './sealed.ts'
