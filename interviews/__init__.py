"""Problems, assessments, invitations, the interview, its clock, timeline and workspace."""
