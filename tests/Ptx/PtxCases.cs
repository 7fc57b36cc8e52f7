namespace EDA.Tests.Ptx;

/// <summary>What the stand-in is held to, for the device that interprets PTX.</summary>
internal static class PtxCases
{
    private const string StandIn = "software";
    private const string Own = "ptx";

    /// <summary>The cases of a test that are the stand-in's, in each of its precisions, as cases of this device.</summary>
    /// <param name="cases">Devices, each with something else.</param>
    public static TheoryData<string, string> Of(TheoryData<string, string> cases)
    {
        var own = new TheoryData<string, string>();
        foreach (object[] row in (IEnumerable<object[]>)cases)
        {
            if (row is [string device, string other] && device.StartsWith(StandIn, StringComparison.Ordinal))
                own.Add(Own + device[StandIn.Length..], other);
        }

        return own;
    }
}
