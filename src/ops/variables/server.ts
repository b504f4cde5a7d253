import { hostName, integer, list, oneOf, text } from './field.ts'
import { variable } from './variable.ts'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export const serverGroup = {
  title: 'Server',
  about: 'Where the api listens, and who may call it.',
  variables: {
    PORT: variable(integer(0, 65_535).prefault('4040'), {
      about: 'Port of the api and the web app; 0 takes a free one.',
    }),
    HOST: variable(hostName().prefault('127.0.0.1'), {
      about: 'Address to listen on. Anything but a loopback address makes the product reachable by others.',
      example: '0.0.0.0',
    }),
    PERDURA_ALLOWED_HOSTS: variable(list(/^[^\s/]+$/, 'host names without a scheme').optional(), {
      about: 'Host names that requests may name besides localhost; others get 421.',
      example: 'perdura.example.com',
    }),
    PERDURA_CORS_ORIGINS: variable(
      list(/^https?:\/\/[^\s/]+$/, 'origins such as https://app.example.com').optional(),
      {
        about: 'Origins of other pages whose scripts may call the api. Unset: none.',
        example: 'https://app.example.com',
      },
    ),
    PERDURA_ADMIN_KEY: variable(
      text()
        .regex(/^[\x21-\x7e]{16,}$/, 'at least 16 characters without spaces')
        .optional(),
      {
        about:
          'Key of the routes for operators, `/api/admin/…`, and of `perdura services` and `perdura conversations --waiting` for all owners. Unset: there are none.',
        secret: true,
      },
    ),
    PERDURA_LOG_LEVEL: variable(oneOf(logLevels).prefault('info'), {
      about: `Least severe log line that is written: ${logLevels.join(', ')}.`,
    }),
  },
}
