using EDA.Engine;
using EDA.Engine.Diffusion;
using EDA.Kernels;

namespace EDA.Tests.Engine;

public class NoiseScheduleTests
{
    [Theory]
    [InlineData(0.1, 20)]
    [InlineData(0, 20)]
    [InlineData(2, 2)]
    public void Time_inverts_lambda(double betaMin, double betaMax)
    {
        var schedule = new NoiseSchedule(new VarianceSchedule(betaMin, betaMax, 1e-3));
        for (double t = 1e-9; t <= 1; t *= 1.07)
            Assert.InRange(schedule.Time(schedule.Lambda(t)) / t, 1 - 1e-9, 1 + 1e-9);
        Assert.Equal(1, schedule.Time(schedule.Lambda(1)), 1e-12);
    }

    [Fact]
    public void Lambda_falls()
    {
        var schedule = NoiseSchedule.Published;
        for (double t = 1e-3; t < 1; t += 1e-3)
            Assert.True(schedule.Lambda(t) > schedule.Lambda(t + 1e-3));
    }

    [Fact]
    public void Extreme_lambdas_are_finite()
    {
        var schedule = NoiseSchedule.Published;
        Assert.InRange(schedule.Time(20), double.Epsilon, 1e-10);
        Assert.InRange(schedule.Time(-800), 12, 13);
    }

    [Fact]
    public void Published_values()
    {
        // −t²(19.9)/4 − 0.05 t at t = 1, and λ = −½ log(e^{−2 log α} − 1).
        double logAlpha = -4.975 - 0.05;
        Assert.Equal(logAlpha, NoiseSchedule.Published.Variance.LogAlpha(1), 1e-14);
        Assert.Equal(-0.5 * Math.Log(Math.Exp(-2 * logAlpha) - 1), NoiseSchedule.Published.Lambda(1), 1e-12);
    }

    [Theory]
    [InlineData(-1, 20, 1e-3, "betaMin")]
    [InlineData(0.1, 0.05, 1e-3, "betaMax")]
    [InlineData(0.1, double.NaN, 1e-3, "betaMax")]
    [InlineData(0.1, 20, 0, "timeMin")]
    [InlineData(0.1, 20, 1, "timeMin")]
    public void Refuses_what_is_no_schedule(double betaMin, double betaMax, double timeMin, string setting)
    {
        var error = Assert.Throws<InvalidSettingException>(() => new NoiseSchedule(new VarianceSchedule(betaMin, betaMax, timeMin)));
        Assert.Equal(setting, error.Setting);
    }
}
