"""File dialects: each module reads keys from a text and edits them without touching other bytes."""
