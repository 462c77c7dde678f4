"""What a deployment on hardware will do, before it is done."""
