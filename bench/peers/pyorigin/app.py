"""The origins' stack: FastAPI, SQLAlchemy 2 async, asyncpg, one uvicorn worker.

Run as: python3 -c "$(cat app.py)" URL POOL. It listens on a port of its own
choice, prints it, and ends with its standard input. The engine, the session
factory, get_db, DbSession and the mixins are written as in the origins.
"""

import os
import resource
import socket
import sys
import threading
import uuid
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, DateTime, ForeignKey, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

USERS, SEGMENTS, GROUP, BULK = 1920, 96, 20, 10_000

engine = create_async_engine(
    sys.argv[1], pool_size=int(sys.argv[2]), max_overflow=0, pool_pre_ping=True, pool_recycle=1800
)
async_session_factory = async_sessionmaker(engine, expire_on_commit=False)


async def get_db() -> AsyncGenerator[AsyncSession, None]:
    async with async_session_factory() as session:
        try:
            yield session
            await session.commit()
        except Exception:
            await session.rollback()
            raise


DbSession = Annotated[AsyncSession, Depends(get_db)]


class Base(DeclarativeBase):
    # Without it, updated_at would have to be read again after each UPDATE.
    __mapper_args__ = {"eager_defaults": True}


class UUIDPrimaryKeyMixin:
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class TimestampMixin:
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class User(UUIDPrimaryKeyMixin, TimestampMixin, Base):
    __tablename__ = "users"
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    status: Mapped[str]
    age: Mapped[int]
    segment: Mapped[int]
    note: Mapped[str | None]
    profile: Mapped[dict] = mapped_column(JSONB)
    orders: Mapped[list["Order"]] = relationship(order_by="Order.id")


class Order(UUIDPrimaryKeyMixin, TimestampMixin, Base):
    __tablename__ = "orders"
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    item: Mapped[str]
    quantity: Mapped[int]
    price: Mapped[int] = mapped_column(BigInteger)


class Event(UUIDPrimaryKeyMixin, TimestampMixin, Base):
    __tablename__ = "events"
    kind: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[dict] = mapped_column(JSONB)


class Profile(BaseModel):
    language: str
    newsletter: bool
    tags: list[str]


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: uuid.UUID
    created_at: datetime
    updated_at: datetime
    email: str
    name: str
    status: str
    age: int
    segment: int
    note: str | None
    profile: Profile


class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: uuid.UUID
    created_at: datetime
    updated_at: datetime
    user_id: uuid.UUID
    item: str
    quantity: int
    price: int


class UserWithOrders(UserOut):
    orders: list[OrderOut]


def user_id(number: int) -> uuid.UUID:
    return uuid.UUID(f"00000000-0000-7000-8000-{number:012x}")


def segment_ids(segment: int) -> list[uuid.UUID]:
    return [user_id(n) for n in range(segment, USERS, SEGMENTS)]


def profile(n: int) -> dict:
    return {
        "language": ["en", "de", "fr"][n % 3],
        "newsletter": n % 2 == 0,
        "tags": [f"tag-{n % 7}", f"tag-{n % 11}"],
    }


def new_user(n: int) -> User:
    return User(
        email=f"new-{n}@example.org", name=f"New user {n}", status="new", age=18 + n % 50, segment=-1,
        note=f"A note about request {n}, as long as notes are.", profile=profile(n),
    )


EVENTS = [
    {"kind": ["viewed", "ordered", "paid", "sent"][k % 4], "amount": k, "body": profile(k)} for k in range(BULK)
]

app = FastAPI(title="Origins")


@app.post("/w/W1/{n}", response_model=UserOut)
async def read(n: int, db: DbSession):
    return await db.get(User, user_id(n % USERS))


@app.post("/w/W2/{n}", response_model=list[UserOut])
async def list_users(n: int, db: DbSession):
    status = ["open", "active", "paused", "closed", "banned"][n % 5]
    query = (
        select(User).where(User.status == status, User.age >= 20 + n % 3)
        .order_by(User.created_at.desc(), User.id.desc()).limit(20)
    )
    return (await db.execute(query)).scalars().all()


@app.post("/w/W3/{n}", response_model=UserOut)
async def insert_user(n: int, db: DbSession):
    user = new_user(n)
    db.add(user)
    await db.flush()
    return user


@app.post("/w/W4/{n}", response_model=UserOut)
async def change(n: int, db: DbSession):
    user = await db.get(User, user_id(n % USERS))
    user.name = f"Changed by request {n}"
    await db.flush()
    return user


@app.post("/w/W5/{n}", response_model=UserWithOrders)
async def graph(n: int, db: DbSession):
    user = new_user(n)
    user.orders = [Order(item=f"Item {k}", quantity=1 + k % 5, price=100 + (n + k) % 900) for k in range(GROUP)]
    db.add(user)
    await db.flush()
    return user


@app.post("/w/W6/{n}", response_model=list[UserWithOrders])
async def load(n: int, db: DbSession):
    query = (
        select(User).where(User.segment == n % SEGMENTS).order_by(User.created_at, User.id).limit(20)
        .options(selectinload(User.orders))
    )
    return (await db.execute(query)).scalars().all()


@app.post("/w/W7/{n}")
async def bulk(n: int, db: DbSession):
    await db.execute(insert(Event), EVENTS)
    return {"inserted": len(EVENTS)}


@app.post("/w/W8/{n}", response_model=list[UserOut])
async def change_together(n: int, db: DbSession):
    query = select(User).where(User.id.in_(segment_ids(n % SEGMENTS))).order_by(User.id)
    users = (await db.execute(query)).scalars().all()
    for user in users:
        user.name = f"Changed by request {n}"
    await db.flush()
    return users


@app.post("/w/W8s/{n}", response_model=list[UserOut])
async def change_each(n: int, db: DbSession):
    users = [await db.get(User, key) for key in segment_ids(n % SEGMENTS)]
    for user in users:
        user.name = f"Changed by request {n}"
    await db.flush()
    return users


@app.get("/usage")
async def usage():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_ns": int((used.ru_utime + used.ru_stime) * 1e9)}


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    threading.Thread(target=end_with_stdin, daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", log_level="critical", access_log=False))
    listener.listen(1024)
    print("listening 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])
