global using EDA.Tests.Software;
