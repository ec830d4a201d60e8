"""What people and machines read of a result: tables, JSON, JUnit XML."""
