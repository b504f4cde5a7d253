import { existing, flag, integer, text, url } from './field.ts'
import { variable } from './variable.ts'

export const databaseGroup = {
  title: 'PostgreSQL',
  about: 'Holds the content. `npm start` brings its own server when `DATABASE_URL` is not set.',
  variables: {
    DATABASE_URL: variable(url(['postgres:', 'postgresql:']).optional(), {
      about: 'Address of an existing PostgreSQL database (tested with 18); tables are made at start.',
      example: 'postgres://perdura:password@localhost:5432/perdura',
      secret: true,
    }),
    PERDURA_DATABASE_POOL: variable(integer(1, 500).prefault('10'), {
      about: 'Connections that one process opens at most, besides the one that listens.',
    }),
  },
}

export const temporalGroup = {
  title: 'Temporal',
  about:
    "Holds the durable state. `npm start` brings its own server when `TEMPORAL_ADDRESS` is not set. The names are Temporal's own, so the settings of Temporal Cloud work as they are.",
  variables: {
    TEMPORAL_ADDRESS: variable(
      text()
        .regex(/^[^\s/]+:\d+$/, 'host:port, without a scheme')
        .optional(),
      {
        about: 'Address of an existing Temporal server, as host:port.',
        example: 'localhost:7233',
      },
    ),
    TEMPORAL_NAMESPACE: variable(text().prefault('default'), {
      about: 'Namespace of the conversations; it must exist.',
    }),
    PERDURA_TASK_QUEUE: variable(text().prefault('perdura'), {
      about: 'Task queue of the conversations. Several deployments may share a namespace, each with its own.',
    }),
    TEMPORAL_API_KEY: variable(text().optional(), {
      about: 'API key of Temporal Cloud. Switches TLS on unless `TEMPORAL_TLS` is `false`.',
      secret: true,
    }),
    TEMPORAL_TLS: variable(flag().optional(), {
      about: 'Whether to use TLS. Unset: only with an API key or with one of the settings below.',
      example: 'true',
    }),
    TEMPORAL_TLS_CLIENT_CERT_PATH: variable(existing('file').optional(), {
      about: 'Client certificate for mutual TLS (PEM); needs the key as well.',
      example: './certs/client.pem',
    }),
    TEMPORAL_TLS_CLIENT_KEY_PATH: variable(existing('file').optional(), {
      about: 'Key of the client certificate (PEM).',
      example: './certs/client.key',
    }),
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: variable(existing('file').optional(), {
      about: "Certificate authority of the server (PEM) when it is not one of the system's.",
      example: './certs/ca.pem',
    }),
    TEMPORAL_TLS_SERVER_NAME: variable(text().optional(), {
      about: "Name in the server's certificate when it differs from the address.",
      example: 'temporal.internal',
    }),
  },
}
