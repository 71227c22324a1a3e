/** Which server it is: what its pages are called, where they begin, and which cookie carries its sessions. */
import type { Place } from '../web/mod.ts'

/** One server, or one of several applications behind one port. */
export type ServerPlace = {
  /** What pages show: Platform or Runtime, and its name. */
  shown: Place
  /** Before every path, without a slash at its end; empty where the application has the port to itself. */
  base: string
  cookie: string
}

/** Where people begin, and error pages lead back to. */
export function homeOf({ base }: Pick<ServerPlace, 'base'>): string {
  return `${base}/`
}

/** Where people set up their authenticator. */
export function totpAddress({ base }: Pick<ServerPlace, 'base'>): string {
  return `${base}/account/totp`
}

/** A host as it stands in a URL: IPv6 addresses get their brackets. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
