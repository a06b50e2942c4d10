"""Database schema of users, sessions, tokens and preferences; in a database beside the archive, never in it."""

from typing import Final

from sqlalchemy import Boolean, Float, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VERSION: Final = 2
"""Schema version, stored as the database's `user_version`; incremented with every change."""


class Base(DeclarativeBase):
    """Base of all tables."""


class UserRow(Base):
    """A person; the password only as argon2id hash."""

    __tablename__ = "users"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    password: Mapped[str] = mapped_column(String(256))
    role: Mapped[str] = mapped_column(String(16))
    verifier: Mapped[str | None] = mapped_column(String(64))
    organization: Mapped[str | None] = mapped_column(String(64))


class SessionRow(Base):
    """A session; the cookie's secret only as SHA-256, which is enough for 256 random bits."""

    __tablename__ = "sessions"
    secret: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"), index=True)
    expires: Mapped[float] = mapped_column(Float(53))


class TokenRow(Base):
    """An API token, only as SHA-256."""

    __tablename__ = "tokens"
    label: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"), index=True)
    scopes: Mapped[str] = mapped_column(String(256))


class PreferenceRow(Base):
    """A person's preferences."""

    __tablename__ = "preferences"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    language: Mapped[str | None] = mapped_column(String(8))
    blinded: Mapped[bool] = mapped_column(Boolean)
