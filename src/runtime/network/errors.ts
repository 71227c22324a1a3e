/** What the allow-lists refuse. */
import { AppError } from '../../base/mod.ts'

/** Neither an address nor a network, nor a name that this Runtime knows addresses of. */
export class NetworkMalformed extends AppError {
  override readonly code = 'network.malformed' as const
  override readonly advice = 'Write an address or a network: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32.'
}

/** The list does not have this network. */
export class NetworkNotListed extends AppError {
  override readonly code = 'network.not_listed' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See which are with: sluice network list.'
}

/** With this change whoever asks could not connect any more. */
export class NetworkExcludesYou extends AppError {
  override readonly code = 'network.excludes_you' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'List your own network first, or force it: this machine itself always gets in.'
}

/** A list is as long as it may be. */
export class NetworksTooMany extends AppError {
  override readonly code = 'network.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'List larger networks in place of single addresses.'
}
