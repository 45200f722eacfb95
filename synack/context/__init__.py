"""What hosts say of themselves beside captures and neighbor tables."""
