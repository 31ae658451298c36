"""Figures and exports of stored conversations, for owners and for staff."""
