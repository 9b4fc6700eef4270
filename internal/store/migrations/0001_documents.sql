-- One SQL text for SQLite and PostgreSQL. Names and values are bytes, so that both compare them by byte order, whatever
-- the database's collation is. Times are milliseconds since 1970; zero means never.

CREATE TABLE document (
    kind    BYTEA   NOT NULL,
    scope   BYTEA   NOT NULL,
    id      BYTEA   NOT NULL,
    version INTEGER NOT NULL,
    expires BIGINT  NOT NULL,
    keys    BYTEA   NOT NULL,
    body    BYTEA   NOT NULL,
    PRIMARY KEY (kind, scope, id)
);

CREATE INDEX document_expires ON document (expires) WHERE expires > 0;

CREATE TABLE document_key (
    kind  BYTEA NOT NULL,
    scope BYTEA NOT NULL,
    name  BYTEA NOT NULL,
    value BYTEA NOT NULL,
    id    BYTEA NOT NULL,
    PRIMARY KEY (kind, scope, name, value, id)
);

CREATE INDEX document_key_lookup ON document_key (kind, name, value, scope, id);

CREATE TABLE revision (
    topic  BYTEA  NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);

CREATE INDEX revision_number ON revision (number);

CREATE TABLE revision_counter (
    id     INTEGER NOT NULL PRIMARY KEY,
    number BIGINT  NOT NULL
);

INSERT INTO revision_counter (id, number) VALUES (1, 0);

CREATE TABLE meta (
    name  BYTEA NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);
