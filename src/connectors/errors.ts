/** What connectors refuse or fail at, by name. */
import { AppError } from '../base/mod.ts'

/** The data tenant has no such connector. */
export class ConnectorNotFound extends AppError {
  override readonly code = 'connector.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the connectors of the data tenant to see their names.'
}

/** Another connector of the data tenant has that name. */
export class ConnectorExists extends AppError {
  override readonly code = 'connector.exists' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Choose another name.'
}

/** The data tenant has as many connectors as it may. */
export class ConnectorsTooMany extends AppError {
  override readonly code = 'connector.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove connectors that are not needed.'
}

/** There is no such type of connector in this program. */
export class ConnectorTypeUnknown extends AppError {
  override readonly code = 'connector.type_unknown' as const
  override readonly advice = 'See the types with `sluice connector types`.'
}

/** Settings, a schedule or a cursor that are not as their type has them. */
export class ConnectorUnfit extends AppError {
  override readonly code = 'connector.unfit' as const
  override readonly advice = 'See what its type takes with `sluice connector types`.'
}

/** The credential is of a kind that this type of connector does not sign in with, or lacks what it needs. */
export class ConnectorCredentialUnfit extends AppError {
  override readonly code = 'connector.credential_unfit' as const
  override readonly advice = 'Name a credential of a kind that its type takes, or set this one anew.'
}

/** No owner of this Runtime has agreed to this site with this credential. */
export class ConnectorNotApproved extends AppError {
  override readonly code = 'connector.not_approved' as const
  override readonly kind = 'forbidden' as const
  override readonly advice =
    'An owner of this Runtime approves it with `sluice connector approve`, or on its page: it lends a credential to a site.'
}

/** The owner's rules do not have the site among the hosts that may be connected to. */
export class ConnectorHostForbidden extends AppError {
  override readonly code = 'connector.host_forbidden' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'An owner of this Runtime adds the host to the rule `hosts`.'
}

/** It runs already, and two runs of one connector never overlap. */
export class ConnectorRunning extends AppError {
  override readonly code = 'connector.running' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Wait until the run has ended, or stop it by pausing the connector.'
}

/** As many checks and discoveries wait as may. */
export class ConnectorsBusy extends AppError {
  override readonly code = 'connector.busy' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Try again in a moment.'
}

/** The run was ended from outside: paused, removed, or the Runtime stopped. */
export class ConnectorStopped extends AppError {
  override readonly code = 'connector.stopped' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'The next run goes on behind the last page that was taken.'
}

/** Its process ended by itself, fell silent, or held too much memory. */
export class ConnectorCrashed extends AppError {
  override readonly code = 'connector.crashed' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'The next run goes on behind the last page that was taken. Smaller pages need less memory.'
}

/** `sluice connector-worker` is started by a Runtime and by nobody else. */
export class ConnectorWorkerWithoutParent extends AppError {
  override readonly code = 'connector_worker.without_parent' as const
  override readonly advice = 'Start `sluice runtime`; it starts these itself.'
}

/** The site's name leads to a private address, and the connector is for public ones. */
export class SiteAddressPrivate extends AppError {
  override readonly code = 'connector.address_private' as const
  override readonly kind = 'forbidden' as const
  override readonly advice =
    'If the site is in your own network, set the connector’s network to `private`; an owner approves that.'
}

/** The site asks to go to another host; a credential is not sent there. */
export class SiteRedirected extends AppError {
  override readonly code = 'connector.redirected' as const
  override readonly advice = 'If the site has moved, set its new URL.'
}

/** 401: the site does not take the credential. */
export class SiteRefusedCredential extends AppError {
  override readonly code = 'connector.credential_refused' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Set the credential anew, and look whether the site’s URL is right.'
}

/** 403: whoever the credential is may not see that. */
export class SiteForbade extends AppError {
  override readonly code = 'connector.site_forbade' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Let the user of the credential see what the connector pulls.'
}

/** 404 or 410: the site does not have that, or does not show it to who asks. */
export class SiteHasNot extends AppError {
  override readonly code = 'connector.site_has_not' as const
  override readonly advice = 'Look at the site’s URL and at what the settings name.'
}

/** Another 4xx: the site does not understand what was asked. */
export class SiteRefused extends AppError {
  override readonly code = 'connector.site_refused' as const
  override readonly advice = 'Look at the connector’s settings; what the site said stands in the message.'
}

/** 429 again and again, or a wait that is longer than a run waits. */
export class SiteThrottled extends AppError {
  override readonly code = 'connector.throttled' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Run it less often. The next run goes on behind the last page that was taken.'
}

/** 5xx again and again. */
export class SiteFailed extends AppError {
  override readonly code = 'connector.site_failed' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'The next run goes on behind the last page that was taken.'
}

/** What should be JSON is not, or not of the form that it should have. */
export class SiteAnswerOdd extends AppError {
  override readonly code = 'connector.answer_odd' as const
  override readonly kind = 'unavailable' as const
  override readonly advice =
    'Look whether the URL is that of the API and not of pages, or of a sign-in that stands before it.'
}

/** It says that it is JSON and is not, or is cut in its middle. */
export class SiteAnswerBroken extends AppError {
  override readonly code = 'connector.answer_broken' as const
  override readonly kind = 'unavailable' as const
  override readonly advice =
    'The next run goes on behind the last page that was taken. If it stays so, tell the owner of the site.'
}

/** Its pages do not come to an end, or do not go on. */
export class SitePagesEndless extends AppError {
  override readonly code = 'connector.pages_endless' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'The site does not page as its API says; tell its owner, or pull less of it.'
}
