using EDA.Host.Setup;

namespace EDA.Tests.Host;

public sealed class SetupHintTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ItIsToldOnce()
    {
        Assert.Equal(SetupHint.Text, Told(true));
        Assert.Empty(Told(true));
    }

    [Fact]
    public void ItIsNotToldWithoutDriverOrAfterSetup()
    {
        Assert.Empty(Told(false));
        _folder.Write("optional.props", "<Project />");
        Assert.Empty(Told(true));
    }

    private string Told(bool hasDriver)
    {
        var output = new StringWriter();
        SetupHint.Once(_folder.Path, hasDriver, output);
        return output.ToString().TrimEnd();
    }
}
