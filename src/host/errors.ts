/** Every failure of files, sockets and processes that Sluice names, and how the host's own error codes map to them. */
import { AppError } from '../base/mod.ts'

/** The port is taken by another process. */
class PortInUse extends AppError {
  override readonly code = 'host.port_in_use' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Stop the other process, or choose another port with --port.'
}

/** The user may not listen on that port. */
class PortForbidden extends AppError {
  override readonly code = 'host.port_forbidden' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Ports below 1024 need CAP_NET_BIND_SERVICE; grant it, or choose another port with --port.'
}

/** Listening failed for another reason, such as an address that this machine does not have. */
class ListenFailed extends AppError {
  override readonly code = 'host.listen_failed' as const
  override readonly kind = 'invalid' as const
  override readonly advice = 'Choose an address of this machine with --host, such as 127.0.0.1 or ::.'
}

/** The other side could not be reached, or the connection broke. */
export class HostUnreachable extends AppError {
  override readonly code = 'host.unreachable' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'See whether the server runs there, and whether a firewall lets this host reach it.'
}

/** The other side's certificate is not signed by an authority we trust, has expired, or names someone else. */
export class TlsUntrusted extends AppError {
  override readonly code = 'host.tls_untrusted' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Check the address, and that the CA certificate given is the one of that server.'
}

/** No answer within the time allowed. */
export class HostTimeout extends AppError {
  override readonly code = 'host.timeout' as const
  override readonly kind = 'unavailable' as const
}

/** An answer had more bytes than its reader allows. */
export class AnswerTooLarge extends AppError {
  override readonly code = 'host.answer_too_large' as const
  override readonly kind = 'limit' as const
}

/** A request's body had more bytes than the server takes. */
export class BodyTooLarge extends AppError {
  override readonly code = 'host.body_too_large' as const
  override readonly kind = 'limit' as const
}

/** The disk, or the quota, is full. */
class DiskFull extends AppError {
  override readonly code = 'host.disk_full' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Free some space, or move the data folder with --data.'
}

/** The file or folder does not exist. */
export class FileMissing extends AppError {
  override readonly code = 'host.file_missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice =
    'Check the path and its spelling; a relative one begins in the folder where the program was started.'
}

/** This user may not do that with the file or folder. */
export class FileForbidden extends AppError {
  override readonly code = 'host.file_forbidden' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Check the owner and the mode of the file and of its folders.'
}

/** There is something of another sort under that path: a folder for a file, or a file for a folder. */
class PathUnfit extends AppError {
  override readonly code = 'host.path_unfit' as const
  override readonly advice = 'Check the path: name a file where one is read, and a folder where state is kept.'
}

/** A file operation failed in a way that has no name of its own here; the cause has the host's code. */
export class FileFailed extends AppError {
  override readonly code = 'host.file_failed' as const
  override readonly kind = 'internal' as const
}

/** The process at the other end of the channel is gone, or could not be started. */
export class ProcessGone extends AppError {
  override readonly code = 'host.process_gone' as const
  override readonly kind = 'unavailable' as const
}

/** The host's own code of an error, such as `ENOENT`; empty when it has none. */
export function systemCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Names the failure of doing `action` ("read", "write" …) to the file at `path`. */
export function fileFailure(action: string, path: string, cause: unknown): AppError {
  switch (systemCodeOf(cause)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new DiskFull(`no space left to ${action} ${path}`, { cause })
    case 'ENOENT':
      return new FileMissing(`cannot ${action} ${path}: it does not exist`, { cause })
    case 'EISDIR':
      return new PathUnfit(`cannot ${action} ${path}: it is a folder`, { cause })
    case 'ENOTDIR':
      return new PathUnfit(`cannot ${action} ${path}: a part of the path is a file`, { cause })
    case 'EEXIST':
      return new PathUnfit(`cannot ${action} ${path}: a file is there already`, { cause })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new FileForbidden(`cannot ${action} ${path}: this user may not`, { cause })
    default:
      return new FileFailed(`cannot ${action} ${path} (${systemCodeOf(cause) || 'no system code'})`, { cause })
  }
}

/** Names the failure of listening on an address and port. */
export function listenFailure(hostname: string, port: number, cause: unknown): AppError {
  switch (systemCodeOf(cause)) {
    case 'EADDRINUSE':
      return new PortInUse(`port ${port} of ${hostname} is in use`, { cause })
    case 'EACCES':
    case 'EPERM':
      return new PortForbidden(`this user may not listen on port ${port}`, { cause })
    default:
      return new ListenFailed(`cannot listen on ${hostname} port ${port} (${systemCodeOf(cause)})`, { cause })
  }
}

/** A line of a file is longer than whoever reads it takes. */
export class LineTooLong extends AppError {
  override readonly code = 'host.line_too_long' as const
  override readonly kind = 'limit' as const
}
