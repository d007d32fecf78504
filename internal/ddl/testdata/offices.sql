-- schema audit
CREATE SCHEMA "audit";

-- schema Odd "one'.x
CREATE SCHEMA "Odd ""one'.x";

-- function keep()
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;

-- table papers
CREATE TABLE "papers" (
    "id" bigint NOT NULL,
    "kind" varchar(9),
    "up" bigint,
    CONSTRAINT "pk_papers" PRIMARY KEY ("id"),
    CONSTRAINT "ck_papers_kind" CHECK (kind IN ('a', 'b'))
);

-- comment table of papers
COMMENT ON TABLE "papers" IS 'Papers of ';

-- comment column id of papers
COMMENT ON COLUMN "papers"."id" IS 'x';

-- table papers
CREATE TABLE "audit"."papers" (
    "id" bigint NOT NULL,
    "kind" varchar(9),
    "up" bigint,
    CONSTRAINT "pk_papers" PRIMARY KEY ("id"),
    CONSTRAINT "ck_papers_kind" CHECK (kind IN ('a', 'b'))
);

-- comment table of papers
COMMENT ON TABLE "audit"."papers" IS 'Papers of audit';

-- comment column id of papers
COMMENT ON COLUMN "audit"."papers"."id" IS 'x';

-- table papers
CREATE TABLE "Odd ""one'.x"."papers" (
    "id" bigint NOT NULL,
    "kind" varchar(9),
    "up" bigint,
    CONSTRAINT "pk_papers" PRIMARY KEY ("id"),
    CONSTRAINT "ck_papers_kind" CHECK (kind IN ('a', 'b'))
);

-- comment table of papers
COMMENT ON TABLE "Odd ""one'.x"."papers" IS 'Papers of Odd "one''.x';

-- comment column id of papers
COMMENT ON COLUMN "Odd ""one'.x"."papers"."id" IS 'x';

-- unique index uq_papers_up of papers
CREATE UNIQUE INDEX "uq_papers_up"
    ON "papers" ("up")
    WHERE kind IN ('a', 'b');

-- unique index uq_papers_up of papers
CREATE UNIQUE INDEX "uq_papers_up"
    ON "audit"."papers" ("up")
    WHERE kind IN ('a', 'b');

-- unique index uq_papers_up of papers
CREATE UNIQUE INDEX "uq_papers_up"
    ON "Odd ""one'.x"."papers" ("up")
    WHERE kind IN ('a', 'b');

-- foreign key fk_papers_up_papers of papers
ALTER TABLE "papers"
    ADD CONSTRAINT "fk_papers_up_papers" FOREIGN KEY ("up")
    REFERENCES "Odd ""one'.x"."papers" ("id");

-- foreign key fk_papers_up_papers of papers
ALTER TABLE "audit"."papers"
    ADD CONSTRAINT "fk_papers_up_papers" FOREIGN KEY ("up")
    REFERENCES "papers" ("id");

-- foreign key fk_papers_up_papers of papers
ALTER TABLE "Odd ""one'.x"."papers"
    ADD CONSTRAINT "fk_papers_up_papers" FOREIGN KEY ("up")
    REFERENCES "audit"."papers" ("id");

-- trigger papers_keep of papers
CREATE TRIGGER papers_keep BEFORE DELETE ON "audit"."papers" FOR EACH ROW WHEN (OLD.kind IN ('a', 'b')) EXECUTE FUNCTION keep();

