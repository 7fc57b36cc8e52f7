global using EDA.Tests.Software;
global using Half = System.Half;
