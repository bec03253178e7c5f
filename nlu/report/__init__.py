"""The pages of the trainers' reports: tables and pictures of how well messages were understood."""
